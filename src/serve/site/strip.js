// strip.js - the network as a strip of its layers.
'use strict';

/** "/features/features.4/expand3x3/Conv" -> "features.4/expand3x3": what tells a layer from others. */
function shortLayer(text) {
    return (
        visible(text)
            .replace(/^\/+/, '')
            .replace(/\/(Conv|Gemm|MatMul)(_\d+)?$/, '')
            .replace(/(^|\/)([^/]+)\/(?=\2[._])/g, '$1') || visible(text)
    );
}

class Strip {
    /** @param {function(string)} onpick of a layer's id */
    constructor(onpick) {
        this.onpick = onpick;
        this.list = el('ol.strip-list', { onkeydown: e => this.key(e) });
        this.node = el('nav.network-strip', { 'aria-label': 'Layers of the network' }, this.list);
        this.buttons = new Map();
    }

    show(model) {
        this.buttons = new Map(
            model.layers.map(layer => [
                layer.id,
                el(
                    'button.strip-layer',
                    {
                        type: 'button',
                        'aria-pressed': 'false',
                        'data-layer': layer.id,
                        title: `${visible(layer.name)}: ${layer.op}, ${shape(layer.shape)}`,
                        onclick: () => this.onpick(layer.id),
                    },
                    // Where there are no positions it is all of the input.
                    fieldDrawing(model.input, layer.maps ? layer.field && layer.field.size : model.input.slice(2), 30),
                    el(
                        'span.strip-text',
                        null,
                        el('span.strip-name', null, shortLayer(layer.name)),
                        el('span.strip-note', null, el('span.layer-id', null, layer.id), shape(layer.shape))
                    )
                ),
            ])
        );
        this.list.replaceChildren(...[...this.buttons.values()].map(button => el('li', null, button)));
        this.mark(this.marked);
    }

    mark(id) {
        this.marked = id;
        for (const [other, button] of this.buttons) {
            button.setAttribute('aria-pressed', String(other === id));
        }
        requestAnimationFrame(() => this.reveal()); // when it is laid out anyway
    }

    reveal() {
        const button = this.buttons.get(this.marked);
        if (!button) return;
        const { offsetLeft, offsetWidth } = button.parentElement;
        const { scrollLeft, clientWidth } = this.list;
        if (offsetLeft < scrollLeft || offsetLeft + offsetWidth > scrollLeft + clientWidth)
            this.list.scrollLeft = offsetLeft + offsetWidth / 2 - clientWidth / 2;
    }

    key(event) {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
        const all = [...this.buttons.values()];
        const next = all[all.indexOf(document.activeElement) + step];
        if (next) next.focus();
        event.preventDefault();
        event.stopPropagation();
    }
}
