"use strict";

// Examples of what a request can do without are told in words: filled into
// the form, as the page would, they narrow all at once and nothing is found.
function tell(parameters) {
  for (const p of Object.values(parameters || {})) {
    const example = p["x-example"];
    if (p.required || example === undefined) continue;
    p.description = (p.description || "") + " Example: `" + example + "`";
    delete p["x-example"];
  }
}

function told(document) {
  tell(document.parameters);
  for (const item of Object.values(document.paths || {})) {
    for (const operation of Object.values(item)) tell(operation.parameters);
  }
  return document;
}

SwaggerUIBundle({
  url: "../apidocs.json",
  dom_id: "#ui",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  plugins: [{ statePlugins: { spec: { wrapActions: {
    updateJsonSpec: (update) => (document) => update(told(document)),
  } } } }],
});
