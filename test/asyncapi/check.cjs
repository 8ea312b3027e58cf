// check.cjs FILE...: what AsyncAPI's parser says of each document, and each example against its schema. One line of JSON
// a file: {valid, diagnostics: [{severity, code, path, message}], messages, examples, refused: [text]}.
// The parser of this version checks the examples of AsyncAPI 2 only, so ajv, which it comes with, does it here.
const fs = require('node:fs')
const { Parser } = require('@asyncapi/parser')
const Ajv = require('ajv')
const formats = require('ajv-formats')

const ajv = formats(new Ajv({ allErrors: true, strict: false, validateFormats: true }))

async function check(file) {
  const { document, diagnostics } = await new Parser().parse(fs.readFileSync(file, 'utf8'))
  const said = {
    valid: document !== undefined,
    diagnostics: diagnostics.map(d => ({ severity: d.severity, code: String(d.code), path: d.path.join('.'), message: d.message })),
    messages: 0, examples: 0, refused: [],
  }
  if (document === undefined) return said
  for (const message of document.components().messages().all()) {
    said.messages++
    const parts = { headers: message.headers(), payload: message.payload() }
    for (const example of message.examples().all()) {
      said.examples++
      for (const [part, schema] of Object.entries(parts)) {
        const value = example.json()[part]
        if (value === undefined || !ajv.validate(schema.json(), value)) {
          said.refused.push(`${message.id()}, ${example.name()}: ${part}: ${value === undefined ? 'is missing' : ajv.errorsText()}`)
        }
      }
    }
  }
  return said
}

async function main() {
  for (const file of process.argv.slice(2)) console.log(JSON.stringify(await check(file)))
}

main().catch(e => { console.error(e); process.exitCode = 1 })
