// Decides requests with the core of @cloud-copilot/iam-simulate. The first line of the input holds the policies by
// layer, every further line a list of requests; each is answered with one line: nanoseconds for each request.
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import path from 'node:path'

const folder = process.argv[2]
const scope = path.join(folder, 'node_modules', '@cloud-copilot')
const load = (...parts) => import(pathToFileURL(path.join(scope, ...parts)))
const { loadPolicy } = await load('iam-policy', 'dist', 'esm', 'index.js')
const core = path.join('iam-simulate', 'dist', 'esm')
const { authorize } = await load(core, 'core_engine', 'CoreSimulatorEngine.js')
const { AwsRequestImpl } = await load(core, 'request', 'request.js')
const { RequestContextImpl } = await load(core, 'requestContext.js')

const named = (document, index) => loadPolicy(document, { name: `policy-${index}` })
let layers

function prepare(given) {
  return {
    sessionPolicy: undefined,
    identityPolicies: given.identity.map(named),
    serviceControlPolicies: given.scp.map((document, index) => ({
      orgIdentifier: `level-${index}`,
      policies: [named(document, index)]
    })),
    resourceControlPolicies: [],
    resourcePolicy: given.resource ? named(given.resource, 0) : undefined,
    permissionBoundaries: given.boundary ? [named(given.boundary, 0)] : undefined,
    vpcEndpointPolicies: undefined,
    simulationParameters: { simulationMode: 'Strict' }
  }
}

function decide(asked) {
  const resource = { resource: asked.resource, accountId: asked.account }
  const request = new AwsRequestImpl(asked.principal, resource, asked.action, new RequestContextImpl(asked.keys))
  const begun = process.hrtime.bigint()
  const analysis = authorize({ ...layers, request })
  const spent = process.hrtime.bigint() - begun
  if (analysis.result !== 'Allowed') throw new Error(`${analysis.result}: ${JSON.stringify(asked)}`)
  return Number(spent)
}

for await (const line of createInterface({ input: process.stdin })) {
  const given = JSON.parse(line)
  const answer = layers ? given.map(decide) : ((layers = prepare(given)), true)
  process.stdout.write(JSON.stringify(answer) + '\n')
}
