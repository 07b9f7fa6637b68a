"""The report's sections: what each says of an artifact."""
