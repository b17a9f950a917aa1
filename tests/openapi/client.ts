// Asks by the TypeScript client of the types that were generated into api.d.ts: client.js URL ROW REFUSED; prints the answers.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Row = components["schemas"]["Row"];
declare const process: { argv: string[] };

const [url, ...rows] = process.argv.slice(2);
const [row, refused]: Row[] = rows.map((text) => JSON.parse(text));
const api = createClient<paths>({ baseUrl: url });
const one = await api.POST("/predict", { body: row, params: { query: { reasons: 2 } } });
const batch = await api.POST("/predict/batch", { body: [row, row] });
const problem = await api.POST("/predict", { body: refused });
const health = await api.GET("/health");
const contract = await api.GET("/contract");
const decided: string | undefined = one.data?.decision;
const first: string | undefined = batch.data?.[0].decision;
if (decided !== first) throw new Error("one row is answered in two ways");
console.log(JSON.stringify({
  one: one.data,
  batch: batch.data,
  refused: problem.error,
  health: health.data,
  contract: contract.data?.version,
}));
