const id = { type: 'integer', minimum: 1 } as const;
const time = { type: 'string' } as const;
const email = { type: 'string', minLength: 3, maxLength: 255, format: 'email' } as const;
const name = { type: 'string', minLength: 1, maxLength: 255 } as const;
const age = { type: ['integer', 'null'], minimum: 0, maximum: 150 } as const;

const item = {
  type: 'object',
  required: ['product_id', 'quantity'],
  additionalProperties: false,
  properties: {
    product_id: { type: 'string', minLength: 1, maxLength: 64 },
    product_name: { type: ['string', 'null'], minLength: 1, maxLength: 255 },
    quantity: { type: 'integer', minimum: 1, maximum: 10_000 },
    price: { type: ['number', 'null'], minimum: 0, maximum: 9_999_999.99 },
  },
} as const;

/** Path parameters of a row. */
export const params = { type: 'object', required: ['id'], properties: { id } } as const;

/** A user as answered: fastify compiles a serialiser from it. */
export const user = {
  type: 'object',
  properties: { id, email: { type: 'string' }, name, age, created_at: time, updated_at: time },
} as const;

/** A user as sent. */
export const newUser = { type: 'object', required: ['email', 'name'], additionalProperties: false, properties: { email, name, age } } as const;

/** An order as answered. */
export const order = {
  type: 'object',
  properties: {
    id,
    user_id: id,
    status: { type: 'string' },
    items: { type: 'array', items: item },
    shipping_address: { type: ['string', 'null'] },
    total: { type: ['number', 'null'] },
    created_at: time,
    updated_at: time,
  },
} as const;

/** An order as sent. */
export const newOrder = {
  type: 'object',
  required: ['user_id', 'items'],
  additionalProperties: false,
  properties: {
    user_id: id,
    items: { type: 'array', minItems: 1, maxItems: 100, items: item },
    shipping_address: { type: ['string', 'null'], minLength: 1, maxLength: 255 },
  },
} as const;
