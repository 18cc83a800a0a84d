// Validates an OpenAPI document (stdin: {document, samples}) with a public validator, and
// samples {schema, value} against its schemas with ajv. Prints {version, faults}.
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

let input = '';
for await (const part of process.stdin) input += part;
const { document, samples } = JSON.parse(input);
const validator = new Validator();
const told = await validator.validate(document);
const faults = told.valid ? [] : [].concat(told.errors);
const ajv = new Ajv2020.default({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ $id: 'document', ...JSON.parse(input).document });
const verdicts = samples.map(({ schema, value }) => {
  const check = ajv.getSchema(`document#/components/schemas/${schema}`);
  return { valid: check(value), errors: check.errors };
});
process.stdout.write(JSON.stringify({ version: validator.version, faults, verdicts }) + '\n');
