"""The shapes that enter and leave over HTTP, and the strict reading of JSON that stands before them."""
