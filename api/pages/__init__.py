"""The web application: one module per area, each showing what the API's own routes answer; no business rule and no SQL."""
