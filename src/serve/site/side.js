// side.js - one image in one model: everything that is seen of it, and what is asked for it to be seen.
'use strict';

class Side {
    /**
     * @param {number} k 0, or 1: the second
     * @param {Object} info api/state
     * @param {function(Object, string)} set keys of the address, and how: "push", "replace", "live"
     */
    constructor(k, info, set) {
        this.k = k;
        this.info = info;
        this.set = set;
        this.v = null;
        this.input = null; // what the network is given
        this.pictures = new Map(); // rule -> the projection that is shown
        this.lanes = Object.fromEntries(
            ['input', 'predict', 'maps', 'map', ...RULES.map(rule => `project-${rule}`)].map(what => [
                what,
                new Lane(`${what}-${k}`),
            ])
        );
        const edited = (edit, begins) => set({ e: edit.toString() }, begins ? 'push' : 'replace');
        this.film = new Film({
            onpick: id => set({ i: id, e: '' }, 'push'),
            onfiles: files => Incoming.take(files, this),
            onwebcam: () => Incoming.webcam(this),
        });
        this.stage = new Stage({
            onpaint: edited,
            onpoint: (y, x) => this.point(y, x),
            onview: w => set({ w }, 'replace'),
        });
        this.predictions = new Predictions(one => this.classUnit(one));
        this.moves = new Moves({ lane: `shift-${k}`, onedit: edited });
        this.strip = new Strip(id => set({ l: id, u: '', p: 'max' }, 'push'));
        this.grid = new MapsGrid(unit => set({ u: String(unit), p: this.v.p === 'all' ? 'all' : 'max' }, 'push'));
        this.map = new BigMap({
            onhover: place => this.hover(place),
            onpoint: () => this.field(),
            onchoose: (place, click) => set({ p: place }, click ? 'push' : 'replace'),
        });
        this.projection = new ProjectionView({ set, onhold: () => this.hold() });
        this.projection.node.classList.toggle('second', k > 0);
        this.unit = new UnitPanel({
            map: this.map,
            projection: this.projection,
            index: Boolean(info.index),
            onstep: by => this.step(by),
            onnumber: text => this.number(text),
            oncopy: () => Keep.copyCommand(this),
            onsave: () => Keep.save(this),
            onkeep: () => Keep.add(this),
        });
        this.strongest = new Strongest({
            lane: `strongest-${k}`,
            index: Boolean(info.index),
            onpick: ({ layer, unit }) => set({ l: layer, u: unit, p: 'max' }, 'push'),
        });
        this.head = el('div.side-head');
        this.node = el(
            'div.side',
            { 'data-side': k },
            this.head,
            this.strip.node,
            el(
                'div.side-body',
                null,
                el('div.side-image', null, this.film.node, this.stage.node, this.predictions.node, this.moves.node),
                el('div.side-layers', null, this.grid.node, this.strongest.node),
                el('div.side-unit', null, this.unit.node)
            )
        );
    }

    /** What the server calls the image in the model, as it is now. */
    trace() {
        return { model: this.v.m, image: this.v.i, edit: this.v.e };
    }

    /** What it needs to make the projection. */
    asked(rule) {
        const { v } = this;
        return {
            ...this.trace(),
            layer: v.l,
            unit: v.u,
            at: v.layer.maps ? v.p : 'max',
            rule,
            seed: v.s,
            rectify: v.f,
            scale: v.c === 'own' ? 'tile' : `abs:${v.c}`,
        };
    }

    // -- what is seen ------------------------------------------------------------------------------

    /**
     * Asks for what has changed, and shows it when it comes.
     * @param {Object} v the view: the keys of the address as they are for this side, with model, layer and image
     * @returns {Promise} when all of it is there
     */
    update(v, moving) {
        const old = this.v || {};
        this.v = v;
        const changed = (...keys) => keys.some(key => v[key] !== old[key]);
        if (changed('model')) {
            this.strip.show(v.model);
            this.moves.size(v.model.input.slice(2));
        }
        if (changed('model', 'l')) this.strip.mark(v.l);
        if (changed('w')) this.stage.look(v.w);
        this.film.mark(v.i);
        this.unit.update(v);
        this.projection.update(v);
        this.map.choose(v.p);
        const jobs = [];
        if (v.image) {
            const image = changed('m', 'i', 'e');
            if (changed('i')) jobs.push(this.showPhoto());
            if (changed('e', 'i')) this.moves.update(new Edit(v.e));
            if (image) jobs.push(this.askInput(), this.askPrediction());
            if (image || changed('l')) jobs.push(this.askMaps(changed('m', 'l') || !this.grid.units));
            else if (v.u === '') jobs.push(Promise.resolve().then(() => this.settle()));
            this.grid.choose(v.u === '' ? -1 : Number(v.u));
            if (v.u !== '') {
                if (image || changed('l', 'u')) jobs.push(this.askMap());
                if (image || changed('l', 'u', 'p', 'r', 's', 'f', 'v', 'c')) jobs.push(...this.askProjection());
            }
            if (image || changed('l')) jobs.push(this.moves.measure(this.trace(), v.l, v.model));
            if (image || changed('r') || changed('l'))
                this.strongest.later(this.trace(), v.l, v.r === 'three' ? 'deconvnet' : v.r, v.model);
            if (this.info.index && v.u !== '' && changed('m', 'l', 'u'))
                jobs.push(
                    this.unit.hits.show(
                        v.m,
                        v.l,
                        v.u,
                        String(this.info.index.model) === v.m && this.info.index.layers.map(String).includes(v.l)
                    )
                );
            this.field();
        }
        // What was asked before may still be on its way; where it is not wanted any more its lane ends it.
        this.busy = Promise.all([this.busy, ...jobs.map(job => job.catch(error => this.complain(error)))]);
        return this.busy;
    }

    /** All of it again: the server was away. */
    refresh() {
        const { v } = this;
        this.v = null;
        return v ? this.update(v) : Promise.resolve();
    }

    complain(error) {
        if (error instanceof Gone || (error.status === 404 && Webcam.on())) return;
        if (!(error instanceof Refused)) throw error;
        Messages.tell(error.message);
    }

    showPhoto() {
        const { image } = this.v;
        this.note();
        return this.stage.show(image, Images.src(image.id, 1024));
    }

    async askInput() {
        const { v } = this;
        const picture = await this.lanes.input.ask('input', this.trace(), asPicture);
        if (!picture) return;
        this.input = picture.bitmap;
        this.stage.showInput(picture.bitmap, picture.map, new Edit(v.e));
        this.field();
        const shown = this.pictures.get(ProjectionView.rules(this.v)[0]);
        if (shown) this.projection.showPatch(this.input, shown.box, shown.bitmap);
    }

    async askPrediction() {
        const edited = this.v.e !== '';
        const answer = await this.lanes.predict.ask('predict', { ...this.trace(), n: 5 }, asJson);
        if (answer) this.predictions.show(answer, edited);
    }

    async askMaps(anew) {
        const { layer } = this.v;
        const bytes = await this.lanes.maps.ask('maps', { ...this.trace(), layer: layer.id }, asBytes);
        if (!bytes || layer !== this.v.layer) return;
        this.grid.show(bytes, layer, anew);
        this.settle();
    }

    /** Where no unit is said it is the strongest. */
    settle() {
        if (this.v.u === '' && this.grid.layer === this.v.layer)
            this.set({ u: String(this.grid.strongest()) }, 'replace');
    }

    async askMap() {
        const { layer, u } = this.v;
        if (!layer.maps) {
            this.field();
            return;
        }
        const bytes = await this.lanes.map.ask('map', { ...this.trace(), layer: layer.id, unit: u }, asBytes);
        if (!bytes || layer !== this.v.layer) return;
        this.map.show(bytes, `Unit ${u} of ${visible(layer.name)}`);
        this.field();
    }

    askProjection() {
        const { v } = this;
        return ProjectionView.rules(v).map(async rule => {
            const asked = { ...this.asked(rule), view: v.v, zoom: 1, format: 'png' };
            try {
                const picture = await this.lanes[`project-${rule}`].ask('project', asked, asPicture);
                if (!picture || !ProjectionView.rules(this.v).includes(rule)) return;
                this.pictures.set(rule, picture);
                this.projection.show(rule, picture, this.input);
                if (picture.unit.length) this.unit.value.textContent = number(picture.unit[0]);
                this.shown = performance.now();
            } catch (error) {
                if (!(error instanceof Refused) || (error.status === 404 && Webcam.on())) throw error;
                this.projection.refuse(error.message);
            }
        });
    }

    // -- the receptive field -----------------------------------------------------------------------

    /** @returns [y0, x0, y1, x1] in pixels of the input, by arithmetic alone; null: there is none, or it is everything */
    fieldOf(place) {
        const { layer } = this.v;
        if (!place || !layer.field || !layer.maps) return null;
        const { size, stride, first } = layer.field;
        const y = first[0] + stride[0] * place[0],
            x = first[1] + stride[1] * place[1];
        return [y, x, y + size[0], x + size[1]];
    }

    hover(place) {
        // On both sides, where they are of the same map.
        for (const other of App.sides)
            if (other !== this && other.v.m === this.v.m && other.v.l === this.v.l) other.map.point(place);
        this.field();
        const { layer } = this.v;
        if (place && layer.field)
            this.stage.tell(
                `receptive field of y ${place[0]}, x ${place[1]}: ${layer.field.size[0]} × ${layer.field.size[1]} pixels`
            );
        else this.note();
    }

    field() {
        this.stage.field(this.fieldOf(this.map.hovered || this.map.at()));
    }

    note() {
        const { image } = this.v;
        if (image && !Webcam.on())
            this.stage.tell(`${shorten(base(image.name), 60)}, ${image.width} × ${image.height}`);
    }

    /** A click on the photograph: the place of the map whose field is centred there. */
    point(y, x) {
        const { layer } = this.v;
        if (!layer || !layer.maps || !layer.field || this.v.u === '') return;
        const { size, stride, first } = layer.field;
        const [, , rows, columns] = layer.shape;
        const place = (v, j, n) =>
            Math.max(0, Math.min(n - 1, Math.round((v - first[j] - size[j] / 2) / (stride[j] || 1))));
        this.set({ p: `${place(y, 0, rows)},${place(x, 1, columns)}` }, 'push');
    }

    // -- what is done ------------------------------------------------------------------------------

    /** The unit of the output that stands for a class. */
    classUnit(one) {
        const { layers, n_classes } = this.v.model;
        const last = layers[layers.length - 1];
        if (last.units === n_classes) this.set({ l: last.id, u: String(one), p: 'max' }, 'push');
    }

    step(by) {
        const next = this.grid.beside(Number(this.v.u), by);
        if (next >= 0) this.set({ u: String(next) }, 'push');
    }

    number(text) {
        const n = Number(text);
        if (/^\d{1,7}$/.test(text) && n < this.v.layer.units) this.set({ u: String(n) }, 'push');
        else {
            Messages.tell(
                `There is no unit ${shorten(text, 20)}: ${visible(this.v.layer.name)} has ${counted(this.v.layer.units, 'unit')}, from 0.`
            );
            this.unit.input.value = this.v.u;
        }
    }

    stepLayer(by) {
        const { layers } = this.v.model;
        const next = layers[layers.indexOf(this.v.layer) + by];
        if (next) this.set({ l: next.id, u: '', p: 'max' }, 'push');
    }

    stepImage(by) {
        const all = Images.all();
        const next = all[all.findIndex(image => image.id === this.v.i) + by];
        if (next) this.set({ i: next.id, e: '' }, 'push');
    }

    /** The scale of now for all that come. */
    async hold() {
        try {
            const scales = await Promise.all(
                ProjectionView.rules(this.v).map(rule =>
                    Server.json('project', { ...this.asked(rule), scale: 'tile', format: 'json' })
                )
            );
            const most = Math.max(...scales.map(one => one.scale));
            if (most > 0) this.set({ c: String(Number(most.toPrecision(6))) }, 'push');
            else this.projection.update(this.v);
        } catch (error) {
            this.complain(error);
        }
    }

    /** A frame of the webcam. @returns {Promise} when it has been looked at */
    frame(image) {
        this.set({ i: image.id }, 'live');
        return this.busy;
    }
}
