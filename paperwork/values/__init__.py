"""Values found on business paper: amounts, dates, parties and text in comparable forms."""
