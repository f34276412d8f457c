# The built-in model: its layers, and layers and channels that it has not.
deconvviz layers
printf 'P6 64 64 255\n' >grey.ppm
head -c 12288 /dev/zero | tr '\0' '\200' >>grey.ppm
deconvviz -q -l conv9 -c 0 grey.ppm || echo "exit $?"
deconvviz -q -l 9 -c 0 grey.ppm || echo "exit $?"
deconvviz -q -l 5 -c 192 grey.ppm || echo "exit $?"
deconvviz -q -l 5 -c 1 -p 16,3 grey.ppm || echo "exit $?"
deconvviz -q -l 1 -c 3 grey.ppm
deconvviz -q -l fc8 -c 3 -o fc8.png grey.ppm && ls
