"""What the command line and any other front end do with a lab: public functions, values in and values out."""
