import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { isHere } from '../support/installed.js'
import { sshdIsHere } from '../support/sshd.js'
import { walk } from './walk.js'

/** Names the settings, for manage.py and gunicorn. */
const settled = `import os
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')
`
const project = {
  'manage.py': `${settled}
import sys
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
`,
  'shop/__init__.py': '',
  'shop/wsgi.py': `${settled}
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
`,
  'shop/settings.py': `from pathlib import Path

BASE_DIR = Path(__file__).parent.parent
env = dict(line.split('=', 1) for line in (BASE_DIR / '.env').read_text().splitlines())
SECRET_KEY = env['SECRET_KEY']
ALLOWED_HOSTS = ['*']
ROOT_URLCONF = 'shop.urls'
INSTALLED_APPS = ['django.contrib.staticfiles', 'catalog']
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': env['DATABASE']}}
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
STATIC_URL = '/static/'
STATIC_ROOT = BASE_DIR / 'static'
STATICFILES_STORAGE = 'django.contrib.staticfiles.storage.ManifestStaticFilesStorage'
`,
  'catalog/__init__.py': '',
  'catalog/models.py': `from django.db import models

class Item(models.Model):
    name = models.CharField(max_length=100)
`,
  'catalog/migrations/__init__.py': '',
  'catalog/migrations/0001_initial.py': `from django.db import migrations, models

class Migration(migrations.Migration):
    operations = [migrations.CreateModel('Item', [
        ('id', models.BigAutoField(primary_key=True)), ('name', models.CharField(max_length=100))])]
`,
  'catalog/static/catalog/site.css': 'body { margin: 0 }\n',
}

const urls = (version: string) => `import time
from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import path
from catalog.models import Item
from shop.health import healthz

def home(request):
    return HttpResponse('${version}' if Item.objects.count() == 0 and static('catalog/site.css') else 'nothing')

def slow(request):
    time.sleep(0.5)
    return home(request)

urlpatterns = [path('', home), path('slow', slow), path('healthz', healthz)]
`

const programs = ['gunicorn', 'python3-django']

describe.skipIf(!sshdIsHere() || !programs.every(isHere))('docs/recipes/django.md', { shuffle: false }, () => {
  /** One database for both hosts, as they have in earnest. */
  const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-django-'))
  const database = join(folder, 'db.sqlite3')
  afterAll(() => rmSync(folder, { recursive: true }))

  const scene = walk({
    name: 'django',
    programs,
    shared: { '.env': `SECRET_KEY=${'a1'.repeat(30)}\nDATABASE=${database}\n` },
    app: version => ({ ...project, 'shop/urls.py': urls(version) }),
    broken: ({ 'shop/health.py': health = '' }) => ({
      'shop/health.py': health.replace('HttpResponse(revision)', 'HttpResponse(status=500)'),
    }),
    refused: { files: { 'shop/urls.py': 'import nowhere\n' }, says: /No module named 'nowhere'/ },
    writes: ['shop/__pycache__', 'catalog/__pycache__'],
    seamless: true,
    paths: ['/slow'],
  })

  it('migrates the database once, and has each static file under a name of its content', () => {
    const sql =
      "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('select count(*) from django_migrations').fetchone()[0])"
    expect(execFileSync('/usr/bin/python3', ['-c', sql, database], { encoding: 'utf8' })).toBe('1\n')
    for (const { deployTo } of scene.hosts)
      expect(readdirSync(join(deployTo, 'current/static/catalog'))).toContainEqual(
        expect.stringMatching(/^site\.\w{12}\.css$/),
      )
  })
})
