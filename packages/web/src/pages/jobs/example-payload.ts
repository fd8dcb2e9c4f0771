/** What has to be filled in of a payload, and its defaults, by the JSON Schema of a job type. */
export function examplePayload(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const properties = recordOf(schema['properties']);
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, value]) => {
      const property = recordOf(value);
      if ('default' in property) return [[name, property['default']]];
      return required.includes(name) ? [[name, blank(property)]] : [];
    }),
  );
}

function blank(property: Readonly<Record<string, unknown>>): unknown {
  const { type } = property;
  if (Array.isArray(property['enum'])) return property['enum'][0];
  if (type === 'number' || type === 'integer') return property['minimum'] ?? 0;
  if (type === 'boolean') return false;
  if (type === 'array') return [];
  return type === 'object' ? {} : '';
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  // A schema that came as JSON has nothing but keys and values.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
