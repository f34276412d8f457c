// strongest.js - nine units of this image: the strongest, or those that are unusual.
'use strict';

class Strongest {
    /**
     * @param {Object} o
     * @param {string} o.lane @param {boolean} o.index whether there is one
     * @param {function(Object)} o.onpick {layer, unit}
     */
    constructor(o) {
        this.o = o;
        this.lane = new Lane(o.lane);
        this.which = 'layer';
        this.list = el('ol.strongest-list');
        this.choice = segmented(
            'Which units',
            [['layer', 'of the layer'], ['all', 'of all layers'], ...(o.index ? [['unusual', 'unusual here']] : [])],
            'layer',
            v => {
                this.which = v;
                this.again();
            }
        );
        this.note = el('p.aside', { hidden: true });
        this.node = el(
            'section.strongest',
            { 'aria-label': 'Strongest units' },
            el('div.toolbar', null, el('h2', null, 'Strongest'), this.choice.node),
            this.note,
            this.list
        );
    }

    /** Once it has come to rest: nine projections cost more than one. */
    later(trace, layer, rule, model) {
        clearTimeout(this.timer);
        this.again = () => this.ask(trace, layer, rule, model).catch(error => Webcam.on() || this.say(error.message));
        this.timer = setTimeout(this.again, 180);
    }

    say(text) {
        this.note.textContent = text;
        this.note.hidden = !text;
    }

    async ask(trace, layer, rule, model) {
        const { which } = this;
        const units = await (which === 'unusual'
            ? this.lane.ask('unusual', { ...trace, n: 9 }, asJson)
            : this.lane.ask('strongest', { ...trace, layer: which === 'layer' ? layer : undefined, n: 9 }, asJson));
        if (!units) return;
        this.say(
            units.length
                ? ''
                : which === 'unusual'
                  ? 'No unit is above the 99th percentile of what it was on the images of the index.'
                  : 'No unit is above zero.'
        );
        const named = id => {
            const one = model.layers.find(l => l.id === String(id));
            return one ? one.name : String(id);
        };
        const short = id => {
            const text = shortLayer(named(id));
            return text.length <= 7 ? text : `layer ${id}`;
        };
        this.list.replaceChildren(
            ...units.map(one => {
                const about =
                    which === 'unusual'
                        ? `${number(one.value)}, above ${(100 * one.above).toFixed(1)}\u2009% of the images`
                        : number(one.value);
                return el(
                    'li',
                    null,
                    el(
                        'button.tile',
                        {
                            type: 'button',
                            'data-unit': one.unit,
                            'data-layer': one.layer,
                            title: `${visible(named(one.layer))}, unit ${one.unit}: ${about}`,
                            onclick: () => this.o.onpick({ layer: String(one.layer), unit: String(one.unit) }),
                        },
                        el('img', {
                            src: Server.url('project', {
                                ...trace,
                                layer: one.layer,
                                unit: one.unit,
                                at: 'max',
                                rule,
                                view: 'crop',
                                zoom: 1,
                                format: 'png',
                            }),
                            alt: `Projection of ${visible(named(one.layer))} unit ${one.unit}`,
                            draggable: 'false',
                        }),
                        el(
                            which === 'layer' ? 'span.caption' : 'span.caption.stacked',
                            null,
                            el('span.unit-number', null, one.unit),
                            el('span.below', null, which === 'layer' ? about : short(one.layer))
                        )
                    )
                );
            })
        );
    }
}
