"""Written from the API's description; renew it with: make client."""
