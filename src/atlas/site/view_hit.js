// view_hit.js - one hit of a unit in its whole photograph, and the command that makes its picture again.
'use strict';

let hitTurn = 0;

/**
 * @param {HTMLElement} node is filled
 * @param {"hits"|"samples"} of @param {number} j place among them
 */
async function showHit(node, unit, of, j, rule) {
    const turn = ++hitTurn;
    const { owner, details, images, classes } = unit;
    const list = details[of];
    const at = list.image[j],
        path = images[at];
    let image;
    try {
        image = await owner.image(at);
    } catch (error) {
        node.replaceChildren(el('p.notice', null, error.message));
        return;
    }
    if (turn !== hitTurn) return; // another was chosen meanwhile
    const { node: photo, draw } = photoWithField(owner, at, image, base(path));
    const whole = draw(list.box[j]);
    const place = of === 'hits' ? `${ordinal(j + 1)} strongest` : `${share(list.quantile[j])} quantile`;
    const rows = [
        ['Response', number(list.value[j])],
        hasPositions(unit) ? ['Position', `${list.y[j]}, ${list.x[j]}`] : null,
        list.box[j] && ['Field', `${extent(list.box[j])} pixels${whole ? '' : ', beyond the edge'}`],
        list.scale[rule] && list.scale[rule][j] !== null ? ['Scale', number(list.scale[rule][j])] : null,
    ].filter(Boolean);
    node.replaceChildren(
        el('h2', null, `${place[0].toUpperCase()}${place.slice(1)}`),
        photo,
        el(
            'p.of',
            null,
            el('a', { href: owner.href('image', at) }, name(base(path))),
            image.class === null || image.class === undefined
                ? null
                : [' \u00b7 ', el('a', { href: owner.href('class', image.class) }, name(classes[image.class] ?? ''))]
        ),
        el(
            'dl.facts.numbers',
            null,
            rows.map(([term, text]) => el('div', null, el('dt', null, term), el('dd', null, text)))
        ),
        again(unit, list, j, path, rule)
    );
}

/** [x0, y0, x1, y1] -> "47 × 47" */
function extent(box) {
    return `${box[2] - box[0]}\u2009\u00d7\u2009${box[3] - box[1]}`;
}

function hasPositions({ layer }) {
    const dims = layer.about.shape;
    return dims.length === 4 && dims[2] * dims[3] > 1;
}

/** The command line of a hit's picture. */
function again(unit, list, j, path, rule) {
    const { owner, layer, i } = unit;
    const { commands } = owner.front;
    const template = hasPositions(unit) ? commands.projection : commands.point || commands.projection;
    if (!template) return null;
    if (path.includes('\ufffd'))
        return el('p.aside', null, 'The name of this file is not UTF-8: no command can be given here.');
    const text = command(template, {
        layer: layer.about.id,
        unit: layer.channel(i),
        y: list.y[j],
        x: list.x[j],
        rule,
        image: path,
    });
    return el('div.again', null, el('h3', null, 'Make it again'), commandLine(text, 'Make this picture again'));
}
