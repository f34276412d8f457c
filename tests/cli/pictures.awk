# awk -v N=9 -v DIR=img -f pictures.awk: writes N pictures DIR/01.ppm … of 64x64 pixels, stripes and squares that
# differ from one to the next. No byte is 0: some awks cannot write it.
BEGIN {
    for (n = 1; n <= N; n++) {
        file = sprintf("%s/%02d.ppm", DIR, n)
        printf "P6 64 64 255\n" >file
        for (y = 0; y < 64; y++)
            for (x = 0; x < 64; x++) {
                stripe = int((x * (n % 5) + y * (n % 7)) / (3 + n % 4)) % 2
                left = 3 * n % 40
                top = 5 * n % 44
                square = x > left && x < left + 20 && y > top && y < top + 20
                printf "%c%c%c", 1 + (square ? 20 * n % 250 : 200 * stripe), 1 + 37 * n * square % 250, 250 - 120 * stripe >file
            }
        close(file)
    }
}
