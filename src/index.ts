export { defineConfig } from './config/define.js'
export type {
  CommandCheckInput,
  ConfigInput,
  Duration,
  HealthInput,
  HostInput,
  HostsInput,
  HttpCheckInput,
  PrepareInput,
  RestartInput,
  SecretInput,
  SharedInput,
  SourceInput,
  SshInput,
  StageInput,
} from './config/input.js'
