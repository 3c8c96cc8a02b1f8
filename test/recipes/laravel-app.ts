import type { Files } from './recipe.js'

const php = (text: string) => `<?php\n${text}\n`
const kept = (pattern = '*') => `${pattern}\n!.gitignore\n`

/** The least of an application that Laravel's own folders, kernels and providers run in; the framework is Debian's, on the host. */
export const skeleton: Files = {
  artisan: php(`require __DIR__ . '/vendor/autoload.php';
$app = require __DIR__ . '/bootstrap/app.php';
$kernel = $app->make(Illuminate\\Contracts\\Console\\Kernel::class);
$input = new Symfony\\Component\\Console\\Input\\ArgvInput;
$status = $kernel->handle($input, new Symfony\\Component\\Console\\Output\\ConsoleOutput);
$kernel->terminate($input, $status);
exit($status);`),
  'public/index.php': php(`require __DIR__ . '/../vendor/autoload.php';
$app = require __DIR__ . '/../bootstrap/app.php';
$kernel = $app->make(Illuminate\\Contracts\\Http\\Kernel::class);
$response = $kernel->handle($request = Illuminate\\Http\\Request::capture())->send();
$kernel->terminate($request, $response);`),
  'bootstrap/app.php': php(`$app = new Illuminate\\Foundation\\Application(dirname(__DIR__));
$app->singleton(Illuminate\\Contracts\\Http\\Kernel::class, App\\Http\\Kernel::class);
$app->singleton(Illuminate\\Contracts\\Console\\Kernel::class, App\\Console\\Kernel::class);
$app->singleton(Illuminate\\Contracts\\Debug\\ExceptionHandler::class, Illuminate\\Foundation\\Exceptions\\Handler::class);
return $app;`),
  'app/Http/Kernel.php': php(`namespace App\\Http;
class Kernel extends \\Illuminate\\Foundation\\Http\\Kernel {}`),
  'app/Console/Kernel.php': php(`namespace App\\Console;
class Kernel extends \\Illuminate\\Foundation\\Console\\Kernel {}`),
  'app/Providers/RouteServiceProvider.php': php(`namespace App\\Providers;
use Illuminate\\Support\\Facades\\Route;
class RouteServiceProvider extends \\Illuminate\\Foundation\\Support\\Providers\\RouteServiceProvider
{
    public function boot() { $this->routes(fn () => Route::group([], base_path('routes/web.php'))); }
}`),
  'app/Http/Controllers/ShopController.php': php(`namespace App\\Http\\Controllers;
use Illuminate\\Support\\Facades\\{DB, Log};
class ShopController
{
    public function home() { Log::info('home'); return view('home', ['items' => DB::table('items')->count()]); }
    public function slow() { usleep(500000); return $this->home(); }
}`),
  'config/app.php': php(`return [
    'name' => 'Shop', 'env' => env('APP_ENV', 'production'), 'debug' => false, 'key' => env('APP_KEY'), 'cipher' => 'AES-256-CBC',
    'timezone' => 'UTC', 'locale' => 'en', 'fallback_locale' => 'en',
    'providers' => [
        Illuminate\\Cache\\CacheServiceProvider::class,
        Illuminate\\Foundation\\Providers\\ConsoleSupportServiceProvider::class,
        Illuminate\\Database\\DatabaseServiceProvider::class,
        Illuminate\\Encryption\\EncryptionServiceProvider::class,
        Illuminate\\Filesystem\\FilesystemServiceProvider::class,
        Illuminate\\Foundation\\Providers\\FoundationServiceProvider::class,
        Illuminate\\Queue\\QueueServiceProvider::class,
        Illuminate\\View\\ViewServiceProvider::class,
        App\\Providers\\RouteServiceProvider::class,
    ],
];`),
  'config/cache.php': php(
    `return ['default' => 'array', 'stores' => ['array' => ['driver' => 'array']], 'prefix' => ''];`,
  ),
  'config/database.php': php(`return ['default' => 'sqlite', 'migrations' => 'migrations',
    'connections' => ['sqlite' => ['driver' => 'sqlite', 'database' => env('DB_DATABASE'), 'prefix' => '']]];`),
  'config/logging.php': php(`return ['default' => 'single',
    'channels' => ['single' => ['driver' => 'single', 'path' => storage_path('logs/laravel.log')]]];`),
  'config/queue.php': php(
    `return ['default' => 'sync', 'connections' => ['sync' => ['driver' => 'sync']], 'failed' => ['driver' => 'null']];`,
  ),
  'config/view.php': php(
    `return ['paths' => [resource_path('views')], 'compiled' => realpath(storage_path('framework/views'))];`,
  ),
  'database/migrations/2026_01_01_000000_items.php': php(`use Illuminate\\Database\\Migrations\\Migration;
use Illuminate\\Support\\Facades\\Schema;
return new class extends Migration {
    public function up() { Schema::create('items', fn ($table) => $table->id()); }
};`),
  'bootstrap/cache/.gitignore': kept(),
  'storage/app/.gitignore': kept('*\n!public/'),
  'storage/app/public/.gitignore': kept(),
  'storage/logs/.gitignore': kept(),
  'storage/framework/views/.gitignore': kept(),
  'composer.json': JSON.stringify({
    name: 'acme/shop',
    repositories: [{ 'packagist.org': false }],
    autoload: { 'psr-4': { 'App\\': 'app/' }, files: ['debian.php'] },
  }),
  // In place of the framework in vendor/.
  'debian.php': php(`require_once '/usr/share/php/Illuminate/autoload.php';`),
  '.gitignore': 'vendor/\n.env\n',
}
