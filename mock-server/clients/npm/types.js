// TypeScript's declarations of what the control API takes and returns, from its OpenAPI description.
'use strict'

/** @param {any} schema @returns {string} */
function type(schema) {
  if (schema.$ref) return schema.$ref.split('/').pop()
  if (schema.enum) return schema.enum.map((/** @type {unknown} */ value) => JSON.stringify(value)).join(' | ')
  const several = schema.oneOf ?? schema.anyOf ?? (Array.isArray(schema.type) && alternatives(schema))
  if (several) return several.map(type).join(' | ')
  if (schema.type === 'array') return `(${type(schema.items)})[]`
  if (schema.type === 'integer') return 'number'
  if (schema.type !== 'object') return schema.type ?? 'unknown'
  return schema.properties ? object(schema) : `Record<string, ${type(schema.additionalProperties || {})}>`
}

/** @param {any} schema */
const alternatives = (schema) => schema.type.map((/** @type {string} */ one) => ({ ...schema, type: one }))

/** @param {any} schema */
function object(schema) {
  const fields = Object.entries(schema.properties).map(([name, field]) => {
    const optional = schema.required?.includes(name) ? '' : '?'
    return `${comment(field, '  ')}  ${name}${optional}: ${type(field)}\n`
  })
  return `{\n${fields.join('')}}`
}

/** @param {any} schema @param {string} indent */
const comment = (schema, indent) =>
  schema.description ? `${indent}/** ${schema.description.replaceAll(/\s+/g, ' ').replaceAll('*/', '*\\/')} */\n` : ''

/** @param {any} openapi */
function declarations(openapi) {
  const schemas = Object.entries(openapi.components.schemas)
  return schemas.map(([name, schema]) => `${comment(schema, '')}export type ${name} = ${type(schema)}\n`).join('\n')
}

module.exports = { declarations }
