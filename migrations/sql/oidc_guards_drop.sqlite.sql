-- SQLite's triggers need no functions.
SELECT 1
