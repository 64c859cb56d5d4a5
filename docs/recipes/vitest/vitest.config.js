export default { test: { globalSetup: 'bandwidth-mock/setup' } }
