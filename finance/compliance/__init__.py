"""What is owed under the national carbon market: allocation, offsets, carry-over, vintages, obligation and gap."""
