// view_measures.js - what is measured of a unit, and the units that it is connected to.
'use strict';

// -- measures --------------------------------------------------------------------------------------

function statistics({ owner, layer, details, classes }) {
    const groups = new Map();
    for (const about of owner.front.columns) {
        const value = details.stats[about.key];
        if (value === undefined || (value === null && !layer.keys.includes(about.key))) continue;
        const text =
            about.kind === 'class'
                ? value === null
                    ? '\u2013'
                    : el('a', { href: owner.href('class', value) }, name(classes[value] ?? ''))
                : [angleMark(about, value), measured(value, about.kind)];
        const group = about.group || 'Measures';
        groups.set(group, [
            ...(groups.get(group) || []),
            el(
                'div',
                { title: about.about || null },
                el('dt', null, about.title, about.source ? el('span.source', null, about.source) : null),
                el('dd', null, text)
            ),
        ]);
    }
    return [...groups].map(([group, rows]) =>
        el('section', null, el('h2', null, group), el('dl.facts.numbers', null, rows))
    );
}

function classMix({ owner, details, classes }) {
    if (!details.classes || !details.classes.length) return null;
    const rows = details.classes.map(([c, hits]) => ({
        label: el('a', { href: owner.href('class', c) }, name(classes[c] ?? '')),
        value: hits,
        text: count(hits),
    }));
    return el(
        'section',
        null,
        el('h2', null, 'Classes of its hits'),
        bars(rows, details.classed),
        el('p.aside', null, `of ${counted(details.classed, 'hit')}`)
    );
}

// -- other units -----------------------------------------------------------------------------------

function connections(unit) {
    const { owner, k, details } = unit;
    const side = (title, note, list, tiles) =>
        list && list.length ? el('section', null, el('h2', null, title), el('p.aside', null, note), tiles(list)) : null;
    const weighted = list =>
        [...new Set(list.map(([from]) => from))].map(from => [
            from < 0
                ? null
                : el(
                      'h3.from-layer',
                      null,
                      el('a', { href: owner.layerHref(from) }, name(owner.front.layers[from].name))
                  ),
            el(
                'div.strip',
                null,
                list
                    .filter(([other]) => other === from)
                    .map(([, u, norm, sum]) =>
                        from < 0
                            ? inputTile(owner, u, norm, sum)
                            : unitLink(owner, from, u, `${sum < 0 ? '\u2212' : '+'} ${number(norm)}`)
                    )
            ),
        ]);
    const nodes = [
        side(
            'Strongest inputs',
            'By the norm of the weights between; the sign is that of their sum.',
            details.inputs,
            weighted
        ),
        side(
            'Strongest outputs',
            'Units that read most from it, by the norm of the weights between.',
            details.outputs,
            weighted
        ),
        side(
            'Nearest in its layer',
            'Cosine of the weights, and the share of images that are hits of both.',
            details.twins,
            list =>
                el(
                    'div.strip',
                    null,
                    list.map(([u, cosine, overlap]) =>
                        unitLink(
                            owner,
                            k,
                            u,
                            [
                                cosine === null ? null : `cos ${cosine.toFixed(2)}`,
                                overlap === null ? null : `${share(overlap)} shared`,
                            ]
                                .filter(Boolean)
                                .join('\n')
                        )
                    )
                )
        ),
    ].filter(Boolean);
    return nodes.length ? el('div.connections', null, nodes) : null;
}

function inputTile(owner, channel, norm, sum) {
    const names = owner.front.input[1] === 3 ? ['Red', 'Green', 'Blue'] : owner.front.input[1] === 1 ? ['Grey'] : [];
    return el(
        'span.tile',
        null,
        el(`span.picture.channel${names[channel] ? `.${names[channel].toLowerCase()}` : ''}`, null),
        el(
            'span.caption',
            null,
            el('span.unit-number', null, names[channel] || `Input ${channel}`),
            el('span.below', null, `${sum < 0 ? '\u2212' : '+'} ${number(norm)}`)
        )
    );
}
