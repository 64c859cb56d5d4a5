export default { test: { globalSetup: './bandwidth.setup.js' } }
