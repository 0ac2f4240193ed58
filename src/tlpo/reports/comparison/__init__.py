"""Methods compared, for people to read: verdict, tables, picture and one web page. Never imports torch."""
