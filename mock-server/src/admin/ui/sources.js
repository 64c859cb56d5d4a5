// Written by `cargo xtask gen` from docs/sources.md. Edit that file instead.
export const SOURCES = {
  "BAND": {
    "document": "Bandwidth/cli, the command band",
    "date": "2026-06-09",
    "address": "github.com/Bandwidth/cli"
  },
  "CM": {
    "document": "dev.bandwidth.com/docs/account/credentials/management, with its page on migration (MIG)",
    "date": "undated",
    "address": "dev.bandwidth.com/docs/account/credentials/management"
  },
  "CRED": {
    "document": "dev.bandwidth.com/docs/account/credentials",
    "date": "undated",
    "address": "dev.bandwidth.com/docs/account/credentials"
  },
  "ERR": {
    "document": "Bandwidth/api-docs, site/docs/numbers/errors.mdx",
    "date": "2023-09-12",
    "address": "github.com/Bandwidth/api-docs"
  },
  "EUM": {
    "document": "Bandwidth/mcp-server, test/fixtures/end-user-management.yml",
    "date": "2025-09-02",
    "address": "github.com/Bandwidth/mcp-server"
  },
  "GUIDE": {
    "document": "a third-party guide to user management on Bandwidth's Dashboard API",
    "date": "2026-03-04"
  },
  "IRIS20": {
    "document": "Bandwidth/api-docs, specs/iris.json, and the same paths in specs/Iris/openapispec.json",
    "date": "2020-11-09, 2020-12-17",
    "address": "github.com/Bandwidth/api-docs"
  },
  "MT": {
    "document": "Bandwidth/migration-toolkit",
    "date": "2026-06-19",
    "address": "github.com/Bandwidth/migration-toolkit"
  },
  "NUM": {
    "document": "Bandwidth/bandwidth.github.io, the guides below numbers/ and campaigns/",
    "date": "undated",
    "address": "github.com/Bandwidth/bandwidth.github.io"
  },
  "PR360": {
    "document": "Bandwidth/api-docs, pull request 360, site/specs-source/numbers.json",
    "date": "2022-02-02",
    "address": "github.com/Bandwidth/api-docs"
  },
  "PR684": {
    "document": "Bandwidth/api-docs, pull request 684, site/specs-temp/numbers.json",
    "date": "2022-10-04",
    "address": "github.com/Bandwidth/api-docs"
  },
  "PR696": {
    "document": "Bandwidth/api-docs, pull request 696",
    "date": "2022-09-01",
    "address": "github.com/Bandwidth/api-docs"
  },
  "RAML": {
    "document": "Bandwidth/bandwidth.github.io, numbers/raml/iris.min.raml",
    "date": "2020-06-04",
    "address": "github.com/Bandwidth/bandwidth.github.io"
  },
  "RATE": {
    "document": "Bandwidth/bandwidth.github.io, numbers/rateLimits.md",
    "date": "2021-04-06",
    "address": "github.com/Bandwidth/bandwidth.github.io"
  },
  "SDK": {
    "document": "Bandwidth's own clients: PyPI bandwidth-numbers-sdk 1.2.0, npm @bandwidth/numbers 2.0.0, and the bandwidth-iris libraries for Ruby, PHP, Java and C#",
    "date": "where used"
  },
  "SDK2": {
    "document": "PyPI bandwidth-sdk 23.3.1 and npm bandwidth-sdk 8.1.4",
    "date": "2026"
  },
  "SUP": {
    "document": "bandwidth.com/support/en/articles/12823936, and older support pages",
    "date": "undated",
    "address": "bandwidth.com/support/en/articles/12823936"
  },
  "SUP2": {
    "document": "bandwidth.com/support, articles 13004306 (API credentials) and 12823936 (managing users)",
    "date": "undated",
    "address": "bandwidth.com/support"
  },
  "UM": {
    "document": "dev.bandwidth.com/docs/account/users/management",
    "date": "undated",
    "address": "dev.bandwidth.com/docs/account/users/management"
  },
  "V2": {
    "document": "Bandwidth/api-docs, site/specs/numbers_v2.yml",
    "date": "2023-10-03",
    "address": "github.com/Bandwidth/api-docs"
  }
};
