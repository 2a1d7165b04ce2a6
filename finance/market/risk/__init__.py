"""Market risk of carbon positions: returns, loss quantiles, liquidity, hedges, gap cost and their tests; pure values in and out."""
