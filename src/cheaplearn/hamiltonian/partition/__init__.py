"""ln Z of a sum of tables: exact where the graph allows, otherwise estimated with an error."""
