/* unit_json.h - a projected unit as a line of JSON. */
#ifndef DV_CLI_UNIT_JSON_H
#define DV_CLI_UNIT_JSON_H

#include "base/text.h"
#include "deconvviz/projections.h"

/* Adds one object and a newline. */
void cli_add_unit_json(dv_text *to, const dv_model *m, const dv_projections_options *o,
                       const dv_projected_image *image, const dv_projected *u);

#endif
