"""How alerts leave the house: the dispatcher of the outbox, mail, webhooks to checked addresses, and live streams."""
