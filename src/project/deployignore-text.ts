/** What a .deployignore begins with. Patterns of folders begin with `/`: packages have folders of these names too. */
export const deployignore = `# What is no part of a release, in gitignore's syntax. .git and untracked .env files never are.
/.github/
/.gitlab-ci.yml
/.vscode/
/.idea/
/.deployignore
/.gitignore
/deploy.config.*
/clonedeploy-*.tgz
/test/
/tests/
/coverage/
.DS_Store
*.log
`
