// view_unit.js - one unit: what excites it, how often, and what it is connected to.
'use strict';

const unitChoices = { rule: null, common: false }; // kept from unit to unit

async function viewUnit(owner, [id, word]) {
    const { front } = owner;
    const k = owner.place(id);
    const layer = k < 0 ? null : await owner.layer(k);
    const i = layer && /^\d{1,7}$/.test(word) ? layer.placeOf(Number(word)) : -1;
    if (i < 0) return notFound(`There is no unit ${visible(word ?? '')} of layer ${visible(id)} in this atlas.`);
    const [details, images, classes] = await Promise.all([owner.unit(k, i), owner.imageNames(), owner.classNames()]);
    const unit = { owner, k, layer, i, details, images, classes };
    const dead = layer.isDead(i);
    const own = layer.nameOf(i);
    const node = el(
        'div.unit',
        null,
        el(
            'header.head',
            null,
            el('p.eyebrow', null, el('a', { href: owner.layerHref(k) }, name(layer.about.name))),
            el('h1', { tabindex: -1 }, `Unit ${layer.channel(i)}`, own === null ? null : [' ', name(own, 'span')]),
            el('p.lead', null, dead ? `No image of the run makes it greater than zero.` : summary(unit))
        ),
        el(
            'div.unit-body',
            null,
            dead ? null : seen(unit),
            el(
                'div.measures',
                null,
                statistics(unit),
                classMix(unit),
                dead || !details.histogram.length
                    ? null
                    : el('section', null, el('h2', null, 'How strongly, how often'), histogramChart(details.histogram))
            )
        ),
        connections(unit)
    );
    const order = layer.order && layer.order.includes(i) ? layer.order : null;
    const at = order ? order.indexOf(i) : i;
    const link = place => (order ? order[place] : place >= 0 && place < layer.n ? place : undefined);
    const href = place => (link(place) === undefined ? null : layer.href(link(place)));
    return {
        node,
        title: `${visible(layer.about.name)} unit ${layer.channel(i)} - ${visible(front.title)}`,
        here: { k },
        crumbs: [
            [layer.about.name, owner.layerHref(k), true],
            [`Unit ${layer.channel(i)}`, null],
        ],
        siblings: { before: href(at - 1), after: href(at + 1), what: 'unit' },
        up: owner.layerHref(k),
    };
}

function summary({ details, classes }) {
    const { stats } = details;
    const parts = [];
    if (stats.active_images !== undefined && stats.active_images !== null)
        parts.push(`active in ${share(stats.active_images)} of the images`);
    if (stats.max !== undefined && stats.max !== null) parts.push(`strongest response ${number(stats.max)}`);
    const most = details.classes && details.classes[0];
    if (most && most[1] > 1)
        parts.push(
            `most often ${shorten(classes[most[0]] ?? '', 60)} (${most[1]} of ${counted(details.classed, 'hit')})`
        );
    const text = parts.join(', ');
    return text ? `${text[0].toUpperCase()}${text.slice(1)}.` : '';
}

// -- what it sees ----------------------------------------------------------------------------------

/** The nine strongest, the nine samples, and one of them in its photograph. */
function seen(unit) {
    const { owner, layer, i, details } = unit;
    const { hits, samples } = details;
    const rules = owner.front.rules.filter(rule => layer.data.sheet.rows.includes(rule));
    if (!rules.includes(unitChoices.rule)) unitChoices.rule = rules[0];
    const detail = el('section.hit', { 'aria-label': 'One of them in its photograph' });
    const tiles = []; // {node, of, j, projection}
    const n = hits.value.length;
    const note = el('figcaption', { 'aria-live': 'polite' });
    let chosen = null;

    function tile(of, j, projection) {
        const picture = el('span.picture');
        const node = el(
            'button.tile.framed',
            { type: 'button', 'data-of': of, 'data-j': j, onclick: () => choose(of, j) },
            picture
        );
        tiles.push({ node, picture, of, j, projection });
        return node;
    }

    function choose(of, j) {
        chosen = [of, j];
        for (const t of tiles) t.node.setAttribute('aria-pressed', String(t.of === of && t.j === j));
        showHit(detail, unit, of, j, unitChoices.rule);
    }

    function draw() {
        const { rule, common } = unitChoices;
        for (const t of tiles) {
            const list = t.of === 'hits' ? hits : samples;
            // Samples may have been projected by the first rule alone.
            const by = t.of === 'hits' || layer.data.sheet.rows.includes(`sample-${rule}`) ? rule : rules[0];
            const scales = list.scale[by];
            const place =
                t.of === 'hits' ? `${ordinal(t.j + 1)} strongest` : `at the ${share(list.quantile[t.j])} quantile`;
            const about = `${place}, response ${number(list.value[t.j])}`;
            const flat = t.projection && list.flat && list.flat[by] && list.flat[by].includes(t.j);
            const row = t.of === 'hits' ? (t.projection ? by : 'patch') : t.projection ? `sample-${by}` : 'sample';
            const absent = t.projection && scales && scales[t.j] === null;
            t.node.hidden = !showSheetCell(t.picture, layer, i, row, t.j);
            t.picture.classList.toggle('absent', absent);
            if (absent) t.picture.style.backgroundImage = '';
            t.node.setAttribute(
                'aria-label',
                `${t.projection ? `Projection by ${by}` : 'Patch'}, ${about}${absent ? ', not made' : flat ? ', flat' : ''}`
            );
            // The common scale is the greatest of the nine; a picture holds v / own about middle grey.
            const greatest = scales ? Math.max(...scales.filter(s => s !== null)) : 0;
            t.picture.style.filter =
                common && t.projection && scales && scales[t.j] ? `contrast(${scales[t.j] / greatest})` : '';
        }
        const made = (hits.scale[rule] || []).filter(s => s !== null).length;
        note.textContent =
            made === n
                ? `Projections to the pixels, by ${rule}`
                : `By ${rule}: ${made ? `only the first ${made}` : 'none'}`;
        if (chosen) choose(...chosen);
    }

    const nine = (of, n, projection) =>
        el(
            'div.nine-grid',
            null,
            Array.from({ length: n }, (_, j) => tile(of, j, projection))
        );
    const rule = segmented(
        'Rule',
        rules.map(r => [r, r]),
        unitChoices.rule,
        v => {
            unitChoices.rule = v;
            draw();
        }
    );
    const scale = segmented(
        'Scale of the projections',
        [
            ['own', 'Own'],
            ['common', 'Common'],
        ],
        unitChoices.common ? 'common' : 'own',
        v => {
            unitChoices.common = v === 'common';
            draw();
        }
    );
    const strongest = el(
        'section.strongest',
        null,
        el(
            'div.section-head',
            null,
            el('h2', null, 'Strongest responses'),
            el(
                'div.toolbar',
                { role: 'toolbar', 'aria-label': 'Projections' },
                el('label', null, el('span', null, 'Rule'), rule.node),
                el('label', null, el('span', null, 'Scale'), scale.node)
            )
        ),
        el(
            'div.pair',
            null,
            el('figure', null, nine('hits', n, true), note),
            el('figure', null, nine('hits', n, false), el('figcaption', null, 'Patches of the photographs'))
        )
    );
    const quantiles =
        samples && samples.value.length
            ? el(
                  'section.quantiles',
                  null,
                  el('h2', null, 'From full to faint'),
                  el('p.aside', null, 'Images at nine quantiles of its response.'),
                  el(
                      'div.samples',
                      null,
                      samples.value.map((value, j) =>
                          el(
                              'div.sample',
                              null,
                              tile('samples', j, true),
                              tile('samples', j, false),
                              el(
                                  'span.caption',
                                  null,
                                  el('span', null, share(samples.quantile[j])),
                                  el('span.below', null, number(value))
                              )
                          )
                      )
                  )
              )
            : null;
    draw();
    if (n) choose('hits', 0);
    const node = el('div.seen', null, strongest, detail, quantiles);
    Router.keys = {
        r: () => {
            unitChoices.rule = rules[(rules.indexOf(unitChoices.rule) + 1) % rules.length];
            rule.pick(unitChoices.rule);
            draw();
            announce(unitChoices.rule);
        },
        s: () => {
            unitChoices.common = !unitChoices.common;
            scale.pick(unitChoices.common ? 'common' : 'own');
            draw();
        },
    };
    for (let j = 0; j < n; j++) Router.keys[String(j + 1)] = () => choose('hits', j);
    return node;
}
