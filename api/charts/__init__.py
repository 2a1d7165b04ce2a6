"""Charts of answers: what is drawn is what the API says, as a Vega-Lite specification with the table behind it."""
