"""Casepan destinations beyond a folder: e-mail, HTTP portals, SFTP, S3, WebDAV, tables and notices."""
