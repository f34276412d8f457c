# awk -v N=3 -v DIR=img -f draw.awk: writes N pictures DIR/1.ppm … of 64x64 pixels: waves, a ball, an edge and grain, so
# that no two neighbours are equal and rounding decides little. No byte is 0: some awks cannot write it.
function grain(    v) {
    seed = (seed * 1103 + 12345) % 65536
    return seed / 65536 - 0.5
}
function byte(v) {
    v = int(v)
    return v < 1 ? 1 : v > 255 ? 255 : v
}
BEGIN {
    for (n = 1; n <= N; n++) {
        file = DIR "/" n ".ppm"
        seed = 77 * n
        printf "P6 64 64 255\n" >file
        for (y = 0; y < 64; y++)
            for (x = 0; x < 64; x++) {
                u = x - 20 - 7 * n
                v = y - 38 + 5 * n
                ball = exp(-(u * u + v * v) / (60 + 40 * n))
                edge = 1 / (1 + exp(-(x * cos(n) + y * sin(n) - 30 + 6 * n) / 1.5))
                wave = sin(0.2 * n * x + 0.35 * y + sin(0.1 * x))
                red = 110 + 60 * wave + 100 * ball - 40 * edge + 24 * grain()
                green = 120 + 30 * wave - 80 * ball + 50 * edge + 24 * grain()
                blue = 100 - 40 * wave + 40 * ball + 70 * edge + 24 * grain()
                printf "%c%c%c", byte(red), byte(green), byte(blue) >file
            }
        close(file)
    }
}
