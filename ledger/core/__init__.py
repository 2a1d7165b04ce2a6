"""Pure rules of the ledger: values in, values out; nothing here opens, logs or reads a clock."""
