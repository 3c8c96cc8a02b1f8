import type { Files } from './recipe.js'

const php = (text: string) => `<?php\n${text}\n`

/** The least of an application that Symfony's kernel, container and console run in; the framework is Debian's, on the host. */
export const skeleton: Files = {
  'bin/console': php(`require __DIR__ . '/../vendor/autoload.php';
(new Symfony\\Component\\Dotenv\\Dotenv())->bootEnv(dirname(__DIR__) . '/.env');
$kernel = new App\\Kernel($_SERVER['APP_ENV'], (bool) $_SERVER['APP_DEBUG']);
(new Symfony\\Bundle\\FrameworkBundle\\Console\\Application($kernel))->run();`),
  'public/index.php': php(`require __DIR__ . '/../vendor/autoload.php';
(new Symfony\\Component\\Dotenv\\Dotenv())->bootEnv(dirname(__DIR__) . '/.env');
$kernel = new App\\Kernel($_SERVER['APP_ENV'], (bool) $_SERVER['APP_DEBUG']);
$response = $kernel->handle($request = Symfony\\Component\\HttpFoundation\\Request::createFromGlobals());
$response->send();
$kernel->terminate($request, $response);`),
  'src/Kernel.php': php(`namespace App;
use Symfony\\Bundle\\FrameworkBundle\\FrameworkBundle;
use Symfony\\Bundle\\FrameworkBundle\\Kernel\\MicroKernelTrait;
use Symfony\\Component\\DependencyInjection\\Loader\\Configurator\\ContainerConfigurator;
use Symfony\\Component\\Routing\\Loader\\Configurator\\RoutingConfigurator;
class Kernel extends \\Symfony\\Component\\HttpKernel\\Kernel
{
    use MicroKernelTrait;
    public function registerBundles(): iterable { yield new FrameworkBundle(); }
    protected function configureContainer(ContainerConfigurator $container): void
    {
        $container->extension('framework', ['secret' => '%env(APP_SECRET)%']);
        $container->services()->defaults()->autowire()->autoconfigure()->load('App\\\\Controller\\\\', __DIR__ . '/Controller/');
    }
    protected function configureRoutes(RoutingConfigurator $routes): void
    {
        $routes->import(__DIR__ . '/../config/routes.php');
    }
}`),
  '.env': 'APP_ENV=prod\nAPP_DEBUG=0\n',
  'composer.json': JSON.stringify({
    name: 'acme/shop',
    repositories: [{ 'packagist.org': false }],
    autoload: { 'psr-4': { 'App\\': 'src/' }, files: ['debian.php'] },
  }),
  // In place of the framework in vendor/.
  'debian.php': php(`require_once 'Symfony/Bundle/FrameworkBundle/autoload.php';
require_once 'Symfony/Component/Console/autoload.php';
require_once 'Symfony/Component/Dotenv/autoload.php';`),
  '.gitignore': 'vendor/\nvar/\n.env.local\n',
}
