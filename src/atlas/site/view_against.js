// view_against.js - two atlases: units and what has become of them, those that changed most first.
'use strict';

let other = null; // promise of the other atlas

function otherAtlas() {
    if (!other) other = new Atlas('against/').open();
    return other;
}

async function viewAgainst(owner, [id]) {
    if (!owner.front.against) return notFound('This atlas was not made to be compared with another.');
    const [pairs, theirs] = await Promise.all([owner.read('against'), otherAtlas()]);
    const names = [pairs.own || owner.front.title, pairs.title];
    const title = `${visible(names[0])} beside ${visible(names[1])}`;
    if (id === undefined)
        return {
            node: el(
                'div.against',
                null,
                el(
                    'header.head',
                    null,
                    el('p.eyebrow', null, 'Two atlases'),
                    el(
                        'h1',
                        { tabindex: -1 },
                        name(names[0], 'span'),
                        ' and ',
                        name(names[1], 'span')
                    ),
                    el('p.lead', null, 'Layer by layer: how much units have changed.')
                ),
                facts(pairs.facts || []),
                el('ol.pairs', null, await Promise.all(pairs.layers.map(pair => pairRow(owner, theirs, pair))))
            ),
            title,
            crumbs: [['Two atlases', null]],
        };
    const pair = pairs.layers.find(p => owner.front.layers[p.layer].id === id);
    if (!pair) return notFound(`Layer ${visible(id)} has no counterpart.`);
    return viewPairs(owner, theirs, pair, names, title);
}

async function pairColumn(owner, pair, key, n, isClass) {
    const column = pair[key];
    const text = column.data === undefined ? await owner.read(`against-${pair.layer}-${key}`) : column.data;
    return decodeColumn(column, text, n, isClass);
}

async function pairRow(owner, theirs, pair) {
    const layer = owner.front.layers[pair.layer],
        their = theirs.front.layers[pair.other];
    const change = await pairColumn(owner, pair, 'change', layer.units, false);
    const known = change.filter(v => !Number.isNaN(v));
    const mean = known.length ? known.reduce((a, v) => a + v, 0) / known.length : NaN;
    return el(
        'li',
        null,
        el(
            'a.layer-link',
            { href: owner.href('against', layer.id) },
            el(
                'span.who',
                null,
                el('span.layer-name', null, name(layer.name)),
                el(
                    'span.layer-note',
                    null,
                    `${counted(layer.units, 'unit')}, by ${pair.by}`,
                    ...(their.name === layer.name ? [] : [', with ', name(their.name)])
                )
            ),
            el(
                'span.alive',
                null,
                el('span.alive-text', null, `mean change ${number(mean)}`),
                el(
                    'span.track',
                    { 'aria-hidden': 'true' },
                    el('span.fill', { style: { width: `${100 * (mean || 0)}%` } })
                )
            )
        )
    );
}

async function viewPairs(owner, theirs, pair, names, title) {
    const layer = await owner.layer(pair.layer),
        their = await theirs.layer(pair.other);
    const match = await pairColumn(owner, pair, 'match', layer.n, true);
    const change = await pairColumn(owner, pair, 'change', layer.n, false);
    let down = true,
        patches = false;
    const grid = new Grid({
        label: 'Pairs of units',
        measure: () => ({ width: 208, height: 128 }),
        fixedHeight: true,
        make: () =>
            el(
                'div.couple',
                null,
                el(
                    'a.tile',
                    null,
                    el('span.picture'),
                    el('span.caption', null, el('span.unit-number'), el('span.below'))
                ),
                el('a.tile', null, el('span.picture'), el('span.caption', null, el('span.unit-number')))
            ),
        fill: (cell, i) => {
            const [a, b] = cell.children;
            one(a, layer, i, `Unit ${layer.channel(i)}, change ${number(change[i])}`);
            a.querySelector('.below').textContent = number(change[i]);
            const none = match[i] === 65535;
            b.classList.toggle('nobody', none);
            if (none) nobody(b);
            else one(b, their, match[i], `Its counterpart, unit ${their.channel(match[i])}`);
        },
    });
    function one(link, of, i, label) {
        const picture = link.firstElementChild;
        link.href = of.href(i);
        link.removeAttribute('role');
        link.setAttribute('aria-label', label);
        picture.classList.toggle('dead', of.isDead(i));
        picture.style.backgroundImage = '';
        if (!of.isDead(i)) showThumb(picture, of, i, patches);
        link.querySelector('.unit-number').textContent = of.channel(i);
    }
    function nobody(link) {
        link.removeAttribute('href');
        link.setAttribute('aria-label', 'No counterpart');
        link.setAttribute('role', 'img');
        link.firstElementChild.style.backgroundImage = '';
        link.firstElementChild.classList.remove('dead');
        link.querySelector('.unit-number').textContent = '\u2013';
    }
    function order() {
        const items = Array.from({ length: layer.n }, (_, i) => i);
        const known = i => !Number.isNaN(change[i]);
        items.sort(
            (a, b) => known(b) - known(a) || (known(a) ? (down ? -1 : 1) * (change[a] - change[b]) : 0) || a - b
        );
        grid.show(items);
        grid.rewind();
    }
    const node = el(
        'div.against',
        null,
        el(
            'header.head',
            null,
            el('p.eyebrow', null, el('a', { href: owner.href('against') }, 'Two atlases')),
            el('h1', { tabindex: -1 }, name(layer.about.name, 'span')),
            el(
                'p.lead',
                null,
                'Left: ',
                name(names[0]),
                '; right: its counterpart in ',
                name(names[1]),
                ...(their.about.name === layer.about.name ? [] : [', layer ', name(their.about.name)]),
                '. The number between them is the change.'
            )
        ),
        el(
            'div.toolbar',
            { role: 'toolbar', 'aria-label': 'The grid' },
            segmented(
                'Order',
                [
                    ['down', 'Changed most first'],
                    ['up', 'Least first'],
                ],
                'down',
                v => {
                    down = v === 'down';
                    order();
                }
            ).node,
            layer.data.grid.patches && their.data.grid.patches
                ? segmented(
                      'Pictures',
                      [
                          ['projections', 'Projections'],
                          ['patches', 'Patches'],
                      ],
                      'projections',
                      v => {
                          patches = v === 'patches';
                          order();
                      }
                  ).node
                : null
        ),
        grid.node
    );
    return {
        node,
        title,
        crumbs: [
            ['Two atlases', owner.href('against')],
            [layer.about.name, null],
        ],
        start: () => {
            grid.start();
            order();
        },
        stop: () => grid.stop(),
    };
}
