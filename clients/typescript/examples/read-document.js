// Read one document and its fields over gRPC-web and print them as JSON.
//
//   DOCHUB_TOKEN=… node examples/read-document.js https://localhost:8443 DOCUMENT_ID
//
// Node trusts a laptop's own certificate when NODE_EXTRA_CA_CERTS names it.
import { toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import {
  DocumentService,
  GetDocumentResponseSchema,
} from "../gen/dochub/document/v1/document_service_pb.js";
import {
  FieldService,
  ListFieldsResponseSchema,
} from "../gen/dochub/document/v1/field_service_pb.js";

const [baseUrl, id] = process.argv.slice(2);
const token = process.env.DOCHUB_TOKEN;
if (!baseUrl || !id || !token) {
  console.error("usage: DOCHUB_TOKEN=… node read-document.js GATEWAY_URL DOCUMENT_ID");
  process.exit(2);
}

const withToken = (next) => (request) => {
  request.header.set("authorization", `Bearer ${token}`);
  return next(request);
};
const transport = createGrpcWebTransport({ baseUrl, interceptors: [withToken] });

const document = await createClient(DocumentService, transport).getDocument({ id });
const fields = await createClient(FieldService, transport).listFields({ documentId: id });
console.log(
  JSON.stringify({
    ...toJson(GetDocumentResponseSchema, document),
    ...toJson(ListFieldsResponseSchema, fields),
  }),
);
