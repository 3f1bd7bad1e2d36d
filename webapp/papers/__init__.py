"""Papers that an office prints, signs and seals: one value, written as XLSX, DOCX and PDF and shown as a page.

The value (``paper``) knows words, numbers and millimetres; a writer knows one file format. None knows Flask or tables
of the database, so that what is handed in can't depend on where it was made.
"""
