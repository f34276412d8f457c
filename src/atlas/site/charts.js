// charts.js - small drawings: receptive fields to scale, histograms, bars, and how layers read from each other.
'use strict';

/** A layer's receptive field on the network's input, both to scale. */
function fieldDrawing(input, field, size) {
    const [, , h, w] = input.length === 4 ? input : [1, 1, 1, 1];
    const longest = Math.max(h, w);
    const scale = (size - 2) / longest;
    const W = w * scale,
        H = h * scale;
    const x = (size - W) / 2,
        y = (size - H) / 2;
    const text = field
        ? `Receptive field ${field[0]} by ${field[1]} of ${h} by ${w} pixels`
        : 'Receptive field not known';
    const node = svg(
        'svg.field-drawing',
        { viewBox: `0 0 ${size} ${size}`, width: size, height: size, role: 'img', 'aria-label': text },
        svg('title', null, text),
        svg('rect.input', { x, y, width: W, height: H, rx: 1 })
    );
    if (field) {
        const fw = Math.max(1.5, Math.min(W, field[1] * scale)),
            fh = Math.max(1.5, Math.min(H, field[0] * scale));
        node.append(svg('rect.extent', { x: x + (W - fw) / 2, y: y + (H - fh) / 2, width: fw, height: fh, rx: 0.5 }));
    }
    return node;
}

/** A hue as a dot of it, an orientation as a stroke: 0 lies, 90 stands. */
function angleMark(about, value) {
    if (about.kind !== 'angle' || value === null) return null;
    return about.key === 'hue'
        ? el('span.hue', { 'aria-hidden': 'true', style: { background: `hsl(${value} 70% 50%)` } })
        : svg(
              'svg.stroke',
              { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' },
              svg('path', { d: 'M2 8H14', transform: `rotate(${-value} 8 8)` })
          );
}

/** The lower edge of a bin of an index: [2^j, 1.5 2^j) and [1.5 2^j, 2^(j+1)) by turns. */
function binEdge(b) {
    const j = Math.floor(b / 2);
    return (b - 2 * j ? 1.5 : 1) * 2 ** j;
}

/** How many images have their maximum in which bin.
 *  @param {number[]} histogram [first, n, n, …] */
function histogramChart(histogram) {
    const [first, ...counts] = histogram;
    const most = Math.max(...counts),
        all = counts.reduce((a, n) => a + n, 0);
    const mode = counts.indexOf(most);
    const text =
        `${counted(all, 'image')} by their strongest response; most, ${count(most)}, between ` +
        `${number(binEdge(first + mode))} and ${number(binEdge(first + mode + 1))}`;
    const bars = counts.map((n, i) =>
        el('span.bin', {
            style: { height: `${(100 * n) / most}%` },
            title: `${number(binEdge(first + i))} to ${number(binEdge(first + i + 1))}: ${counted(n, 'image')}`,
        })
    );
    const ticks = new Set([0, Math.floor(counts.length / 2), counts.length]);
    return el(
        'figure.histogram',
        null,
        el('div.bins', { role: 'img', 'aria-label': text }, bars),
        el(
            'div.axis',
            { 'aria-hidden': 'true' },
            [...ticks].map(i => el('span', null, number(binEdge(first + i))))
        ),
        el(
            'figcaption',
            null,
            `${counted(all, 'image')} with a response, by the strongest one in each; steps of half an octave`
        )
    );
}

/** Rows with a bar each.
 *  @param {Array<{label: Node|string, value: number, text: string}>} rows @param {number} most value of a full bar */
function bars(rows, most) {
    return el(
        'ul.bars',
        null,
        rows.map(row =>
            el(
                'li',
                null,
                el('span.label', null, row.label),
                el('span.amount', null, row.text),
                el(
                    'span.track',
                    { 'aria-hidden': 'true' },
                    el('span.fill', { style: { width: `${most > 0 ? (100 * row.value) / most : 0}%` } })
                )
            )
        )
    );
}

/** How the values of a column are spread, without axes: behind the two sliders that choose among them. */
function spread(column, lo, hi) {
    const n = 40,
        counts = new Array(n).fill(0);
    for (const v of column)
        if (!Number.isNaN(v)) counts[Math.min(n - 1, Math.floor(hi > lo ? ((v - lo) / (hi - lo)) * n : 0))]++;
    const most = Math.max(...counts, 1);
    return svg(
        'svg.spread',
        { viewBox: `0 0 ${n} 24`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
        counts.map((c, i) =>
            c
                ? svg('rect', {
                      x: i + 0.1,
                      y: 24 - 24 * Math.sqrt(c / most),
                      width: 0.8,
                      height: 24 * Math.sqrt(c / most),
                  })
                : null
        )
    );
}

/**
 * The layers as dots on a line, with arcs where one reads from another that is not next to it.
 * @param {number[][]} from for each layer the places of those it reads from; -1 is the input, the dot on top
 * @param {number} pitch pixels from row to row
 */
function rail(from, pitch) {
    const width = 44,
        line = width - 10;
    const y = k => pitch / 2 + (k + 1) * pitch;
    const paths = [],
        dots = [svg('circle.source', { cx: line, cy: y(-1), r: 4 })];
    from.forEach((sources, k) => {
        for (const s of sources) {
            const span = k - s;
            if (span <= 1) paths.push(svg('path', { d: `M${line} ${y(s)}V${y(k)}` }));
            else {
                const out = Math.min(line - 3, 9 + 7 * Math.log2(span));
                const bend = Math.min(pitch / 2, 26);
                paths.push(
                    svg('path.far', {
                        d:
                            `M${line} ${y(s)}C${line} ${y(s) + bend / 2} ${line - out} ${y(s) + bend / 2} ${line - out} ${y(s) + bend}` +
                            `V${y(k) - bend}C${line - out} ${y(k) - bend / 2} ${line} ${y(k) - bend / 2} ${line} ${y(k)}`,
                    })
                );
            }
        }
        dots.push(svg('circle', { cx: line, cy: y(k), r: 4 }));
    });
    const height = pitch * (from.length + 1);
    return svg('svg.rail', { viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': 'true' }, paths, dots);
}

/**
 * What is drawn over a photograph: a receptive field, and the rest in the shade.
 * @param {number} w @param {number} h of the photograph, in its own pixels
 */
function fieldFrame(w, h) {
    const node = svg('svg.field', {
        viewBox: `0 0 ${w} ${h}`,
        'aria-hidden': 'true',
        preserveAspectRatio: 'none',
    });
    const parts = [svg('path.shade'), svg('rect.under'), svg('rect.over')]; // kept: a pointer moves them often
    /** @param {number[]|null} box [x0, y0, x1, y1] in pixels of the photograph
     *  @returns whether the whole of it lies on the photograph */
    function draw(box) {
        if (!box) {
            node.replaceChildren();
            return true;
        }
        const [x0, y0, x1, y1] = [Math.max(0, box[0]), Math.max(0, box[1]), Math.min(w, box[2]), Math.min(h, box[3])];
        const whole = x0 === box[0] && y0 === box[1] && x1 === box[2] && y1 === box[3];
        const [shade, ...rects] = parts;
        shade.setAttribute('d', `M0 0H${w}V${h}H0ZM${x0} ${y0}V${y1}H${x1}V${y0}Z`);
        for (const rect of rects) {
            rect.setAttribute('x', x0);
            rect.setAttribute('y', y0);
            rect.setAttribute('width', Math.max(1, x1 - x0));
            rect.setAttribute('height', Math.max(1, y1 - y0));
        }
        parts[2].classList.toggle('beyond', !whole);
        if (!node.firstChild) node.append(...parts);
        return whole;
    }
    return { node, draw };
}
