# SPDX-License-Identifier: Apache-2.0
#
# Browser client and pages: as they are, no build step.

dljobwebdir = $(datadir)/dljob/web
dist_dljobweb_DATA = web/dljob.js web/dljob.d.ts
dljobreactdir = $(dljobwebdir)/react
dist_dljobreact_DATA = web/react/useDownload.js web/react/useDownload.d.ts
dljobdemodir = $(dljobwebdir)/demo
dist_dljobdemo_DATA = web/demo/index.html web/demo/demo.css web/demo/demo.js
