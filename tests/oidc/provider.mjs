// A real OpenID Connect provider for the tests: node provider.mjs PORT REDIRECT_URI, its people as JSON in PEOPLE.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, redirectUri] = process.argv.slice(2);
const people = JSON.parse(process.env.PEOPLE);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "portal",
      client_secret: "a secret between two machines",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  claims: {
    openid: ["sub"],
    profile: ["name", "preferred_username"],
    email: ["email"],
    groups: ["groups"],
  },
  pkce: { required: () => true },
  cookies: { keys: ["only for tests"] },
  findAccount: (_, id) =>
    people[id] && { accountId: id, claims: async () => ({ sub: id, ...people[id] }) },
});

createServer(provider.callback()).listen(Number(port), "127.0.0.1", () => console.log(`open at ${issuer}`));
