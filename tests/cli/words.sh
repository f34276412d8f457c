# The words on the command line: help, and what is refused before anything is opened.
deconvviz --version
deconvviz help nosuch || echo "exit $?"
deconvviz --nosuch x.jpg || echo "exit $?"
deconvviz --layer 5 x.jpg || echo "exit $?"
deconvviz -l 5 -c 12 --rule backprop x.jpg || echo "exit $?"
deconvviz -l 5 -c 12 || echo "exit $?"
deconvviz -l 5 -c 12 --quiet nosuch.jpg || echo "exit $?"
deconvviz classify || echo "exit $?"
deconvviz prepare x.jpg || echo "exit $?"
