"""Addresses of the catalogue."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.urls import path

from catalog.views import home, imports, media, pictures, products, search

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", home.Login.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("search/", search.search_page, name="search"),
    path("products/", products.product_list, name="product_list"),
    path("products/<path:code>/pictures/", pictures.product_pictures, name="product_pictures"),
    path("products/<path:code>/", products.product_detail, name="product_detail"),
    path("held-prices/<int:pk>/", products.held_price, name="held_price"),
    path("imports/", imports.import_list, name="import_list"),
    path("imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<int:pk>/apply/", imports.import_apply, name="import_apply"),
    path("imports/<int:pk>/resume/", imports.import_resume, name="import_resume"),
    path("imports/<int:pk>/errors/", imports.import_errors, name="import_errors"),
    path("media/thumbnails/<int:width>/<path:name>", media.media_thumbnail, name="media_thumbnail"),
    path("media/<path:name>", media.media_file, name="media_file"),
]
