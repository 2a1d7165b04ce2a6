"""Carbon-finance contracts of JR/T 0244-2022: forward, repo, pledge loan, lending, swap, custody."""
