// view_front.js - the network as a column of layers, and what was run.
'use strict';

const ROW = 84; // height of a layer's row; --row in views.css

async function viewFront(owner) {
    const { front } = owner;
    const units = front.layers.reduce((n, layer) => n + layer.units, 0);
    const dead = front.layers.reduce((n, layer) => n + layer.dead, 0);
    const node = el(
        'div.front',
        null,
        el(
            'header.head',
            null,
            el('p.eyebrow', null, owner.root ? 'The other atlas' : 'Atlas'),
            el('h1', { tabindex: -1 }, name(front.title, 'span')),
            el(
                'p.lead',
                null,
                `What each unit of this network responds to: ${counted(units, 'unit')} in ${counted(front.layers.length, 'layer')}, ` +
                    `by the photographs that excite it most and what it sees in them.`
            )
        ),
        el(
            'div.front-body',
            null,
            el(
                'section.network',
                { 'aria-labelledby': 'layers-title' },
                el('h2', { id: 'layers-title' }, 'Layers'),
                el(
                    'div.rows',
                    null,
                    rail(
                        front.layers.map(layer => layer.from || []),
                        ROW
                    ),
                    el(
                        'ol.layers',
                        null,
                        inputRow(front),
                        front.layers.map((layer, k) => layerRow(owner, layer, k))
                    )
                )
            ),
            el(
                'aside.run',
                { 'aria-label': 'The run' },
                el(
                    'section',
                    null,
                    el('h2', null, 'The run'),
                    facts([
                        ...front.facts,
                        ['Dead units', `${count(dead)} of ${count(units)}`],
                        ['Model', front.model.path],
                        ['SHA-256', front.model.sha256],
                        ['Program', `deconvviz ${front.program}`],
                    ])
                ),
                await againstNote(owner),
                commandsOf(front)
            )
        )
    );
    return { node, title: front.title, crumbs: [] };
}

function facts(rows) {
    return el(
        'dl.facts',
        null,
        rows.map(([term, text]) =>
            el(
                'div',
                null,
                el('dt', null, visible(term)),
                el('dd', null, /^[0-9a-f]{64}$/.test(text) ? el('code.digest', null, text) : name(text, 'span'))
            )
        )
    );
}

function commandsOf(front) {
    const texts = [
        ['This atlas', front.commands.atlas],
        ['The index it is made of', front.commands.mine],
    ].filter(([, text]) => text);
    return texts.length
        ? el(
              'section',
              null,
              el('h2', null, 'Made by'),
              texts.map(([label, text]) => [el('h3', null, label), commandLine(text, label)])
          )
        : null;
}

async function againstNote(owner) {
    if (!owner.front.against || owner.root) return null;
    return el(
        'section',
        null,
        el('h2', null, 'Beside another'),
        el(
            'p',
            null,
            'This atlas was made to be compared. ',
            el('a', { href: owner.href('against') }, 'Which units have changed'),
            '.'
        )
    );
}

function inputRow(front) {
    return el(
        'li.layer-row.input',
        null,
        el(
            'span.layer-link',
            null,
            el('span.nine'),
            el('span.who', null, el('span.layer-name', null, 'Input'), el('span.layer-note', null, shape(front.input))),
            fieldDrawing(front.input, null, 44)
        )
    );
}

function layerRow(owner, layer, k) {
    const pictures = el('span.nine', { 'aria-hidden': 'true' });
    if (layer.best !== null && layer.best !== undefined) {
        const two = [el('span.picture'), el('span.picture')];
        pictures.append(...two);
        owner.layer(k).then(
            loaded => two.forEach((picture, patch) => showThumb(picture, loaded, layer.best, Boolean(patch))),
            () => {}
        );
    }
    const alive = layer.units - layer.dead;
    return el(
        'li.layer-row',
        null,
        el(
            'a.layer-link',
            { href: owner.layerHref(k) },
            pictures,
            el(
                'span.who',
                null,
                el('span.layer-name', null, el('span.layer-id', null, shorten(layer.id, 12)), name(layer.name)),
                el(
                    'span.layer-note',
                    null,
                    `${layer.op}${layer.detail ? ` ${visible(layer.detail)}` : ''} \u00b7 ${shape(layer.shape)}`
                )
            ),
            el(
                'span.alive',
                null,
                el(
                    'span.alive-text',
                    null,
                    counted(layer.units, 'unit'),
                    layer.dead ? el('span.dead-text', null, `${count(layer.dead)} dead`) : null
                ),
                el(
                    'span.track',
                    { 'aria-hidden': 'true' },
                    el('span.fill', { style: { width: `${(100 * alive) / layer.units}%` } })
                )
            ),
            el(
                'span.reach',
                null,
                fieldDrawing(owner.front.input, layer.field, 44),
                el(
                    'span.reach-text',
                    null,
                    layer.field ? `${layer.field[0]}\u2009\u00d7\u2009${layer.field[1]}` : '\u2013'
                )
            )
        )
    );
}
